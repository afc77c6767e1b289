export type { SseStreamClosing } from './EventWriter.js';
export type { Exchange } from './Exchange.js';
export { nodeExchange } from './nodeExchange.js';
export { readLastEventId } from './readLastEventId.js';
export { serve } from './serve.js';
export type { SseContext, SseProject, SseSource, ToSseConfig } from './serve.js';
