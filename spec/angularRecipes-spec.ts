import { configure, withAngular } from './support/angular.js';
import type { EnvironmentProviders, Provider, Type, WritableSignal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import type { Observable } from 'rxjs';
import type { ReceivedSseEvent } from 'rxjs-sse';
import { provideSseTesting, SseClient, SseTestingController } from 'rxjs-sse/angular';
import { recipesNotRun, removeRecipes, runRecipe } from './support/recipe.js';
import { settled } from './support/virtualTime.js';

describe('the recipe for Angular', () => {
  withAngular();
  after(removeRecipes);

  const server = () => TestBed.inject(SseTestingController);

  /** A view of what the recipe exports by that name, and its text when all is drawn. */
  async function view<T>(title: string, name: string) {
    const module = await runRecipe<Record<string, Type<T>>>(title);
    configure(provideSseTesting());
    const component = module[name];
    if (!component) throw new Error(`Expected ${name} in ${title}`);
    const fixture = TestBed.createComponent(component);
    const text = async () => {
      await fixture.whenStable();
      return (fixture.nativeElement as Element).textContent.replace(/\s+/g, ' ').trim();
    };
    await fixture.whenStable();
    return { text, fixture, component: fixture.componentInstance, element: fixture.nativeElement as Element };
  }

  it('"A signal of the latest events" shows the last ten, and leaves with its component', async () => {
    const { text, fixture } = await view('A signal of the latest events', 'TicksComponent');
    const connection = server().expectOne('/prices');
    connection.open();
    for (let price = 1; price <= 11; price++) {
      connection.event({ type: 'tick', data: { symbol: 'A', price } });
      connection.event({ type: 'halt', data: 'not shown' });
    }
    expect(await text()).to.equal('A 11A 10A 9A 8A 7A 6A 5A 4A 3A 2');
    fixture.destroy();
    expect(connection.cancelled).to.equal(true);
  });

  it('"A stream that depends on a signal" changes streams with it, and is reloaded', async () => {
    const { text, component, element } = await view<{ symbol: WritableSignal<string> }>(
      'A stream that depends on a signal',
      'PricesComponent',
    );
    expect(await text()).to.equal('ACME, connecting');
    const acme = server().expectOne('/prices/ACME');
    acme.open();
    acme.event({ data: 1 });
    acme.event({ data: 2 });
    expect(await text()).to.equal('ACME, open12');

    component.symbol.set('XYZ');
    expect(await text()).to.equal('XYZ, connecting');
    expect(acme.cancelled).to.equal(true);
    server().expectOne('/prices/XYZ').refuse(404);
    expect(await text()).to.equal('No prices of XYZ. Again');

    element.querySelector('button')?.click();
    expect(await text()).to.equal('XYZ, connecting');
    server().expectOne('/prices/XYZ').open();
    expect(await text()).to.equal('XYZ, open');
  });

  it('"A prompt and its answer" posts each prompt once, and shows what there is of the answer', async () => {
    const { text, component } = await view<{ prompt: WritableSignal<string> }>(
      'A prompt and its answer',
      'ChatComponent',
    );
    server().verify();
    component.prompt.set('Hello?');
    expect(await text()).to.equal('…');

    const first = server().expectOne('/chat');
    expect(first.request).to.include({ method: 'POST', body: '{"prompt":"Hello?"}' });
    expect(first.request.headers.get('content-type')).to.equal('application/json');
    first.open();
    first.event({ data: { text: 'Hel' } });
    first.event({ data: { text: 'lo' } });
    expect(await text()).to.equal('Hello');
    first.end();
    expect(await text()).to.equal('Hello');
    server().verify();

    component.prompt.set('And?');
    await text();
    server().expectOne('/chat').cut();
    expect(await text()).to.equal('Expected an event stream that goes on, got: refused');
  });

  it('"A token for each connection" gives it to its own server only, and renews it after a 401', async () => {
    const { sse } = await runRecipe<{ sse: (api: string) => EnvironmentProviders }>(
      'A token for each connection',
    );
    configure(sse('https://api.test'), provideSseTesting());
    const next = async () => {
      await settled();
      const [connection] = server().match(() => true);
      if (!connection) throw new Error('Expected a connection');
      return connection;
    };
    TestBed.inject(SseClient).stream('/prices').subscribe();
    const first = await next();
    expect(first.request.url).to.equal('https://api.test/prices');
    expect(first.request.headers.get('authorization')).to.equal('Bearer the first');
    first.refuse(401);
    expect((await next()).request.headers.get('authorization')).to.equal('Bearer a new one');

    TestBed.inject(SseClient).stream('https://api.test.evil/prices').subscribe();
    expect((await next()).request.headers.get('authorization')).to.equal(null);
  });

  it('"The interceptors that are there" authorize each connection, and refresh after a 401', async () => {
    const { providers } = await runRecipe<{ providers: Provider[] }>('The interceptors that are there');
    configure(...providers, provideSseTesting());
    TestBed.inject(SseClient).stream('/prices').subscribe();
    const first = server().expectOne('/prices');
    expect(first.request.headers.get('authorization')).to.equal('Bearer the first');
    first.refuse(401);
    await settled();
    const second = server().expectOne('/prices');
    expect(second.request.headers.get('authorization')).to.equal('Bearer a new one');
    second.open();
    second.cut();
    expect(server().expectOne('/prices').request.headers.get('authorization')).to.equal('Bearer a new one');
  });

  it('"One connection for the application" shares one, which ends with the application', async () => {
    const { Notifications } = await runRecipe<{
      Notifications: Type<{ all$: Observable<ReceivedSseEvent> }>;
    }>('One connection for the application');
    configure(provideSseTesting());
    const { all$ } = TestBed.inject(Notifications);
    const seen: string[] = [];
    all$.subscribe(({ data }) => seen.push(data));
    all$.subscribe(({ data }) => seen.push(data));
    const connection = server().expectOne('/notifications');
    connection.open();
    connection.event({ data: 'a' });
    expect(seen).to.deep.equal(['a', 'a']);
    TestBed.resetTestingModule();
    expect(connection.cancelled).to.equal(true);
  });

  it('"The last values, after an error" keeps them', async () => {
    const { text } = await view('The last values, after an error', 'LogComponent');
    const first = server().expectOne('/log');
    first.open();
    first.event({ data: 'a' });
    first.event({ data: 'b' });
    expect(await text()).to.equal('a b');
    first.cut();
    server().expectOne('/log').refuse(403);
    expect(await text()).to.match(/^a b Expected 200/);
  });

  it('"On the server" is in a browser as any other', async () => {
    const { text } = await view('On the server', 'StateComponent');
    expect(await text()).to.equal('loading');
    const connection = server().expectOne('/state');
    connection.open();
    connection.event({ data: 'ready' });
    expect(await text()).to.equal('ready');
  });

  it('"A test" passes, and fails where it should', async () => {
    const { showsThePriceOverAReconnect } = await runRecipe<{
      showsThePriceOverAReconnect: (expectText: (expected: string, actual: string) => void) => Promise<void>;
    }>('A test');
    const seen: string[] = [];
    await showsThePriceOverAReconnect((expected, actual) => {
      expect(actual).to.equal(expected);
      seen.push(actual);
    });
    expect(seen).to.deep.equal(['41', '42', 'true']);
  });

  it('is run, each of them', async () => {
    expect(await recipesNotRun('ANGULAR.md')).to.deep.equal([]);
  });
});
