/** Whether the response is an event stream: status 200 and the MIME essence `text/event-stream`, parameters apart. */
export function isEventStream({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean {
  return status === 200 && /^text\/event-stream\s*(;|$)/i.test(headers.get('content-type') ?? '');
}
