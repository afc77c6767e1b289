import { expect } from 'chai';
import { EMPTY, firstValueFrom, Subject } from 'rxjs';
import type { SseContext } from '../../../src/server/index.js';
import type { RawRequest } from '../../support/connection.js';
import type { Stage } from './stage.js';

export function telling({ serve, read }: Stage): void {
  const contextOf = async (request: RawRequest) => {
    const contexts = new Subject<SseContext>();
    const first = firstValueFrom(contexts);
    await serve((_, context) => {
      contexts.next(context);
      return EMPTY;
    });
    read(request);
    return first;
  };

  it('the last event ID of the header', async () => {
    const headers = { 'Last-Event-ID': '7' };
    expect(await contextOf({ path: '/?lastEventId=8', headers })).to.include({ lastEventId: '7' });
  });

  it('as text, where it came as UTF-8', async () => {
    const headers = { 'Last-Event-ID': 'é…😀' };
    expect(await contextOf({ headers })).to.include({ lastEventId: 'é…😀' });
  });

  it('the one of the query, where the header has none', async () => {
    expect(await contextOf({ path: '/?a=b&lastEventId=%C3%A9' })).to.include({ lastEventId: 'é' });
  });

  it('that there is none', async () => {
    expect(await contextOf({ headers: { 'Last-Event-ID': '' } })).to.include({ lastEventId: undefined });
  });

  it('none that no event could have had', async () => {
    expect(await contextOf({ path: '/?lastEventId=a%0Ab' })).to.include({ lastEventId: undefined });
  });
}
