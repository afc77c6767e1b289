/** An answer of {@link scriptedFetch}, whose body is written by hand. */
export interface Writing {
  readonly response: Response;
  readonly write: (text: string) => void;
  readonly end: () => void;
  /** Breaks it off. */
  readonly cut: () => void;
  /** Whether the reader has cancelled it. */
  readonly isCancelled: () => boolean;
}

export function eventStream(status = 200, headers: Record<string, string> = {}): Writing {
  let isCancelled = false;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: own => void (controller = own),
    cancel: () => void (isCancelled = true),
  });
  return {
    response: new Response(body, { status, headers: { 'Content-Type': 'text/event-stream', ...headers } }),
    write: text => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
    cut: () => controller?.error(new TypeError('terminated')),
    isCancelled: () => isCancelled,
  };
}

export interface ScriptedFetch {
  readonly fetch: typeof fetch;
  readonly requests: readonly RequestInit[];
}

/** Answers each request with the next answer, and those after the last never. It does not listen to its signal. */
export function scriptedFetch(...answers: readonly (Response | Promise<Response>)[]): ScriptedFetch {
  const requests: RequestInit[] = [];
  return {
    requests,
    fetch: (_, init = {}) => {
      requests.push(init);
      return Promise.resolve(answers[requests.length - 1] ?? new Promise<Response>(() => undefined));
    },
  };
}
