import type { SseTestConnection, SseTestRequest } from './SseTestConnection.js';

/** Which requests are meant: those to this URL, as it is sent, or those of which this is true. */
export type SseRequestMatch = string | URL | ((request: SseTestRequest) => boolean);

/**
 * The server in a test of an Angular application: what `HttpTestingController` is for `HttpClient`. {@link provideSseTesting} puts it
 * in place.
 *
 * A connection that was left before anybody asked for it is forgotten.
 */
export class SseTestingController {
  readonly #waiting = new Set<SseTestConnection>();

  /**
   * The one connection that was asked for and is meant. It is then no longer among those that are waiting.
   *
   * @param description for the error
   * @throws Error if there is none, or more than one
   */
  expectOne(match: SseRequestMatch, description = descriptionOf(match)): SseTestConnection {
    const found = this.#find(match);
    const [connection] = found;
    if (!connection || found.length > 1)
      throw this.#unexpected(`one connection for ${description}`, found.length);
    this.#waiting.delete(connection);
    return connection;
  }

  /**
   * @param description for the error
   * @throws Error if there is such a connection
   */
  expectNone(match: SseRequestMatch, description = descriptionOf(match)): void {
    const found = this.#find(match);
    if (found.length > 0) throw this.#unexpected(`no connection for ${description}`, found.length);
  }

  /** All connections that are meant, in the order in which they were asked for. They are then no longer among those that are waiting. */
  match(match: SseRequestMatch): SseTestConnection[] {
    const found = this.#find(match);
    for (const connection of found) this.#waiting.delete(connection);
    return found;
  }

  /** @throws Error if there are connections that no one has asked for */
  verify(): void {
    if (this.#waiting.size > 0) throw this.#unexpected('no connection that is waiting', this.#waiting.size);
  }

  /** @internal */
  add(connection: SseTestConnection): void {
    this.#waiting.add(connection);
  }

  /** @internal */
  forget(connection: SseTestConnection): void {
    this.#waiting.delete(connection);
  }

  #find(match: SseRequestMatch): SseTestConnection[] {
    const isMeant = typeof match === 'function' ? match : ({ url }: SseTestRequest) => url === String(match);
    return [...this.#waiting].filter(({ request }) => isMeant(request));
  }

  #unexpected(expected: string, count: number): Error {
    const waiting = Array.from(this.#waiting, ({ request }) => `${request.method} ${request.url}`);
    return new Error(`Expected ${expected}, got ${count}. Waiting: ${waiting.join(', ') || 'none'}`);
  }
}

function descriptionOf(match: SseRequestMatch): string {
  return typeof match === 'function' ? `function ${match.name}` : String(match);
}
