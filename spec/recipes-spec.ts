import { expect } from 'chai';
import type { Express } from 'express';
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  filter,
  firstValueFrom,
  lastValueFrom,
  map,
  skip,
  Subject,
  take,
  toArray,
  type Observable,
  type Subscription,
} from 'rxjs';
import type { FromSseConfig, ReceivedSseEvent, SseDataError } from 'rxjs-sse';
import { listen } from './support/listen.js';
import { recipesNotRun, removeRecipes, runRecipe } from './support/recipe.js';
import {
  end,
  open,
  scriptedServer,
  status,
  type Answer,
  type ScriptedServer,
} from './support/scriptedServer.js';

type Events = Observable<ReceivedSseEvent>;

describe('the recipe', () => {
  let server: ScriptedServer;
  afterEach(() => server.close());
  after(removeRecipes);

  const serve = async (...answers: Answer[]) => (server = await scriptedServer(...answers));
  const dataOf = (events$: Observable<{ readonly data: unknown }>) =>
    lastValueFrom(
      events$.pipe(
        map(({ data }) => data),
        toArray(),
      ),
    );

  it('"A fresh token for each connection" gets one for each, and a new one for 401', async () => {
    await serve(end('retry: 100\n\n'), status(401), end('data: a\n\n'));
    const { prices } = await runRecipe<{
      prices: (url: string, tokens: { get(options: { renew: boolean }): Promise<string> }) => Events;
    }>('A fresh token for each connection');
    let count = 0;
    const get = ({ renew }: { renew: boolean }) => Promise.resolve(`${++count}${renew ? ' renewed' : ''}`);
    expect(await firstValueFrom(prices(server.url, { get }))).to.include({ data: 'a' });
    expect(server.requests.map(({ headers }) => headers.authorization)).to.deep.equal([
      'Bearer 1',
      'Bearer 2',
      'Bearer 3 renewed',
    ]);
  });

  it('"Several subscribers on one connection" makes one, and keeps it for who comes back soon', async () => {
    await serve(response => {
      open('data: a\n\n')(response, response.req);
      later.subscribe(text => response.write(text));
    });
    const later = new Subject<string>();
    const { sharedPrices } = await runRecipe<{ sharedPrices: (url: string, grace?: number) => Events }>(
      'Several subscribers on one connection',
    );
    const prices$ = sharedPrices(server.url, 50);
    await Promise.all([firstValueFrom(prices$), firstValueFrom(prices$)]);
    const again = firstValueFrom(prices$);
    later.next('data: b\n\n');
    expect(await again).to.include({ data: 'b' });
    expect(server.requests).to.have.length(1);
    await server.requests[0]?.closed;
  });

  it('"Several event types" tells them apart, over one connection', async () => {
    await serve(open('event: tick\ndata: {"price":1}\n\nevent: halt\ndata: {"reason":"news"}\n\n'));
    const { market } = await runRecipe<{
      market: (url: string) => { price$: Observable<number>; halt$: Observable<string> };
    }>('Several event types');
    const { price$, halt$ } = market(server.url);
    expect(await Promise.all([firstValueFrom(price$), firstValueFrom(halt$)])).to.deep.equal([1, 'news']);
    expect(server.requests).to.have.length(1);
  });

  it('"Bad data" leaves it out, or puts something in its place', async () => {
    const stream = end('data: 1\n\ndata: {\n\ndata: 2\n\n');
    await serve(stream, stream);
    const { prices, pricesOrNull } = await runRecipe<{
      prices: (url: string, report: (error: SseDataError) => void) => Observable<{ data: unknown }>;
      pricesOrNull: (url: string) => Observable<{ data: unknown }>;
    }>('Bad data');
    const reported: string[] = [];
    const report = ({ event }: SseDataError) => reported.push(event.data);
    expect(await dataOf(prices(server.url, report).pipe(take(2)))).to.deep.equal([1, 2]);
    expect(reported).to.deep.equal(['{']);
    expect(await dataOf(pricesOrNull(server.url).pipe(take(3)))).to.deep.equal([1, null, 2]);
  });

  it('"Stop on a final event" closes the connection at it', async () => {
    await serve(open('data: 1\n\nevent: done\ndata: 2\n\ndata: 3\n\n'));
    const { progress } = await runRecipe<{ progress: (url: string) => Events }>('Stop on a final event');
    expect(await dataOf(progress(server.url))).to.deep.equal(['1', '2']);
    await server.requests[0]?.closed;
  });

  it('"The answer of a language model" is asked for once, and complete when the server says so', async () => {
    await serve(
      open('data: {"token":"Hel"}\n\ndata: {"token":"lo"}\n\ndata: [DONE]\n\n'),
      end('data: {"token":"Bye"}\n\n'),
    );
    const { answer } = await runRecipe<{ answer: (url: string, question: string) => Observable<string> }>(
      'The answer of a language model',
    );
    const whole = () => lastValueFrom(answer(server.url, 'Who is there?').pipe(toArray()));
    expect(await whole()).to.deep.equal(['Hel', 'Hello']);
    expect(await whole()).to.deep.equal(['Bye']);
    expect(server.requests.map(({ method, body }) => [method, body])).to.deep.equal(
      Array.from({ length: 2 }, () => ['POST', '{"question":"Who is there?","stream":true}']),
    );
  });

  it('"The state of the connection, for a view" says each', async () => {
    await serve(end('retry: 100\ndata: a\n\n'), end('retry: 3600000\n\n'));
    const { watch } = await runRecipe<{
      watch: (url: string) => { events$: Events; state$: Observable<{ name: string }> };
    }>('The state of the connection, for a view');
    const { events$, state$ } = watch(server.url);
    const names: string[] = [];
    const waited = firstValueFrom(
      state$.pipe(
        filter(({ name }) => name === 'waiting'),
        skip(1),
      ),
    );
    state$.subscribe(({ name }) => names.push(name));
    const subscription = events$.subscribe();
    await waited;
    subscription.unsubscribe();
    expect(names).to.deep.equal([
      'closed',
      ...['connecting', 'open', 'waiting'],
      ...['connecting', 'open', 'waiting'],
      'closed',
    ]);
  });

  it('"Connect again now" ends the wait', async () => {
    await serve(end('retry: 3600000\nid: 7\ndata: a\n\n'), open('data: b\n\n'));
    const { prices } = await runRecipe<{ prices: (url: string, retryClick$: Observable<unknown>) => Events }>(
      'Connect again now',
    );
    const click$ = new Subject<void>();
    const seen = new Subject<string>();
    const subscription: Subscription = prices(server.url, click$).subscribe(({ data }) => seen.next(data));
    await firstValueFrom(seen);
    const second = firstValueFrom(seen);
    click$.next();
    expect(await second).to.equal('b');
    expect(server.requests[1]?.headers['last-event-id']).to.equal('7');
    subscription.unsubscribe();
  });

  it('"Not while offline, not while hidden" changes nothing outside a browser', async () => {
    await serve(end('retry: 100\nid: 7\ndata: a\n\n'), end('data: b\n\n'));
    const { prices } = await runRecipe<{ prices: (url: string) => Events }>(
      'Not while offline, not while hidden',
    );
    expect(await dataOf(prices(server.url))).to.deep.equal(['a', 'b']);
    expect(server.requests[1]?.headers['last-event-id']).to.equal('7');
  });

  it('"A consumer that takes its time" gets one event after the other', async () => {
    await serve(end('retry: 100\ndata: a\n\ndata: b\n\n'));
    const { archive } = await runRecipe<{
      archive: (url: string, save: (data: string) => Promise<void>) => Promise<void>;
    }>('A consumer that takes its time');
    const log: string[] = [];
    await archive(server.url, async data => {
      log.push(`begin ${data}`);
      await new Promise(setImmediate);
      log.push(`end ${data}`);
    });
    expect(log).to.deep.equal(['begin a', 'end a', 'begin b', 'end b']);
  });

  it('"From Go" serves and reads its stream', async () => {
    await serve();
    const module = await runRecipe<{
      server: Express;
      client: (url: string, log: (line: string) => void, config?: FromSseConfig) => Subscription;
    }>('From Go');
    const { log } = console;
    console.log = () => undefined;
    const listening = createServer(module.server);
    const port = await listen(listening);
    const lines = new Subject<string>();
    const seen: string[] = [];
    lines.subscribe(line => seen.push(line));
    const subscription = module.client(`http://127.0.0.1:${port}/sse`, line => lines.next(line));
    await firstValueFrom(lines.pipe(take(2), toArray()));
    subscription.unsubscribe();
    console.log = log;
    expect(seen[0]).to.equal('connected');
    expect(seen[1]).to.match(/^timestamp: \d{4}-/);
    expect(seen[2]).to.equal('disconnected: unsubscribed');
    listening.close();
    await once(listening, 'close');
  });

  it('is run, whichever it is', async () => {
    await serve();
    // Those that need a page: spec/browser/recipes-spec.ts.
    expect(await recipesNotRun('RECIPES.md')).to.deep.equal(['The place, kept over a page reload']);
  });
});
