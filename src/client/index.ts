export { backoff } from './backoff.js';
export type { BackoffConfig, BackoffNotifier } from './backoff.js';
export type { Opening } from './connect.js';
export { fromSSE } from './fromSSE.js';
export type { Closing, FromSseConfig } from './fromSSE.js';
export { isTransient } from './isTransient.js';
export { reconnect } from './reconnect.js';
export type { Loss, ReconnectConfig } from './reconnect.js';
export type { ConnectionAttempt, PerConnection } from './request.js';
