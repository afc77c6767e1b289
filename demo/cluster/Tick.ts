import type { SseEvent } from 'rxjs-sse';

/** What is published: numbers from 1 on. A mark stands for nothing but its place. */
export type Tick = SseEvent<'tick', { readonly number: number }> | SseEvent<'mark', string>;
