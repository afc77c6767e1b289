/**
 * What outlives a connection: the place in the stream, and how long to wait before reconnecting.
 * Plain and mutable. Pass your own to keep a place across your own `retry`, or a page reload.
 */
export interface ResumePoint {
  /** The last event ID; the empty string is none. Moves when a block that carries an id is dispatched. */
  lastEventId: string;
  /** The server's last `retry:`, in milliseconds; `undefined` if it sent none. Moves as soon as its line is read. */
  reconnectionTime: number | undefined;
}
