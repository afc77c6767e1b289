export { createDecoder } from './createDecoder.js';
export type { DecoderConfig, EventStreamDecoder } from './createDecoder.js';
export { assertEvent, encodeEvent } from './encodeEvent.js';
export {
  SseConnectionError,
  SseDataError,
  SseError,
  SseEventError,
  SseLogError,
  SseOverflowError,
  SseResponseError,
  SseSizeError,
} from './errors.js';
export type {
  SseConnectionErrorOptions,
  SseErrorOptions,
  SseLogErrorOptions,
  SseResponseErrorOptions,
} from './errors.js';
export { expectOption, isCount, longestTimer } from './expectOption.js';
export type { AnyEvents, JsonText, ReceivedSseEvent, ReceivedSseEventOf } from './ReceivedSseEvent.js';
export type { ResumePoint } from './ResumePoint.js';
export type { Resumable } from './Resumable.js';
export type { AnyData, SseEvent, SseEventOf } from './SseEvent.js';
export { tell } from './tell.js';
export type { Listener } from './tell.js';
