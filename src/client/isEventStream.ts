/** Whether the response is an event stream: status 200 and the MIME essence `text/event-stream`, parameters apart. */
export function isEventStream({ status, headers }: Response): boolean {
  const [essence = ''] = (headers.get('content-type') ?? '').split(';');
  return status === 200 && essence.trim().toLowerCase() === 'text/event-stream';
}
