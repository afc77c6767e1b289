export { backoff } from './backoff.js';
export type { BackoffConfig, BackoffNotifier } from './backoff.js';
export type { SseOpening } from './connect.js';
export { fromSSE } from './fromSSE.js';
export type { FromSseConfig, SseClosing } from './fromSSE.js';
export { isTransient } from './isTransient.js';
export { reconnect } from './reconnect.js';
export type { ReconnectConfig, SseLoss } from './reconnect.js';
export type { ConnectionAttempt, PerConnection } from './request.js';
