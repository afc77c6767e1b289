export { createLog } from './createLog.js';
export type { EventLog, GapEvent, GapReason, LogEvent, LogStatus, PlaceEvent } from './EventLog.js';
export type { LogConfig } from './LogConfig.js';
export type { LogDriver, LogEntry, LogGap, LogPage } from './LogDriver.js';
export { memoryLog } from './memoryLog.js';
export type { MemoryLogConfig } from './memoryLog.js';
