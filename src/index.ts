export { backoff, fromSSE, isTransient, reconnect } from './client/index.js';
export type {
  BackoffConfig,
  BackoffNotifier,
  ConnectionAttempt,
  FromSseConfig,
  PerConnection,
  ReconnectConfig,
  SseClosing,
  SseLoss,
  SseOpening,
} from './client/index.js';
export {
  createDecoder,
  encodeEvent,
  SseConnectionError,
  SseDataError,
  SseError,
  SseEventError,
  SseOverflowError,
  SseResponseError,
  SseSizeError,
} from './event-stream/index.js';
export type {
  DecoderConfig,
  EventStreamDecoder,
  Listener,
  ReceivedSseEvent,
  ResumePoint,
  Resumable,
  SseConnectionErrorOptions,
  SseErrorOptions,
  SseEvent,
  SseResponseErrorOptions,
} from './event-stream/index.js';
