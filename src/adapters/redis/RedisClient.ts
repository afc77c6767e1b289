/** A client of `redis` or `@redis/client`, from version 5 on, as far as it is used here: one connection, no pool and no cluster. */
export interface RedisClient {
  sendCommand(args: readonly string[]): Promise<unknown>;
  duplicate(overrides: RedisDuplicateOptions): RedisClient;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  readonly options?: { readonly socket?: object | undefined } | undefined;
}

export interface RedisDuplicateOptions {
  readonly socket: { readonly socketTimeout: number; readonly reconnectStrategy: false };
  readonly disableOfflineQueue: true;
}
