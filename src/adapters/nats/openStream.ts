import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  StorageType,
  type StreamAPI,
  type StreamConfig,
  type StreamUpdateConfig,
} from '@nats-io/jetstream';
import { markOfStream } from './StreamPlace.js';

/** Which stream, and how it is to be. */
export interface StreamSettings {
  readonly name: string;
  readonly subject: string | undefined;
  readonly maxEvents: number | undefined;
  readonly maxBytes: number | undefined;
  readonly maxAge: number | undefined;
}

/** A stream that is there, and has the subject. */
export interface OpenStream {
  readonly subject: string;
  /** Marks the stream: another of that name has another. */
  readonly mark: string;
  /** For how long it knows a repetition, in milliseconds. */
  readonly duplicateWindow: number;
}

/**
 * Has the stream be there as it is to be, as far as that is said.
 *
 * @throws TypeError if it is no stream for a log
 */
export async function openStream(streams: StreamAPI, settings: StreamSettings): Promise<OpenStream> {
  const { name, subject } = settings;
  const limits = limitsOf(settings);
  const { config, created } = await streams.info(name).catch((error: unknown) => {
    if (!limits || !isNotFound(error)) throw error;
    return streams.add({
      name,
      subjects: [subject ?? name],
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      ...limits,
    });
  });
  const openSubject = subjectOf(config, subject);
  const { duplicate_window } =
    !limits || hasLimits(config, limits)
      ? config
      : (await streams.update(name, withWindow(config, limits))).config;
  return { subject: openSubject, mark: markOfStream(created), duplicateWindow: duplicate_window / 1_000_000 };
}

type Limits = Partial<Pick<StreamUpdateConfig, 'max_msgs' | 'max_bytes' | 'max_age'>>;

/** Nothing, if all is left to the stream. */
function limitsOf({ maxEvents, maxBytes, maxAge }: StreamSettings): Limits | undefined {
  if ((maxEvents ?? maxBytes ?? maxAge) === undefined) return undefined;
  return {
    ...(maxEvents !== undefined && { max_msgs: maxEvents === Infinity ? -1 : maxEvents }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes === Infinity ? -1 : maxBytes }),
    ...(maxAge !== undefined && { max_age: maxAge === Infinity ? 0 : Math.round(maxAge * 1_000_000) }),
  };
}

function hasLimits(config: StreamConfig, limits: Limits): boolean {
  const { max_msgs, max_bytes, max_age } = { ...config, ...limits };
  return config.max_msgs === max_msgs && config.max_bytes === max_bytes && config.max_age === max_age;
}

/** NATS refuses to know a repetition of what it has dropped. */
function withWindow({ duplicate_window }: StreamConfig, limits: Limits): Partial<StreamUpdateConfig> {
  const { max_age = 0 } = limits;
  return max_age > 0 && max_age < duplicate_window ? { ...limits, duplicate_window: max_age } : limits;
}

/** @throws TypeError if the stream has not got it, or lets go of what a consumer has read */
function subjectOf({ name, subjects, retention }: StreamConfig, wanted: string | undefined): string {
  if (retention !== 'limits')
    throw new TypeError(`Expected stream ${name} to keep messages by limits, got: ${retention}`);
  const [only = '', ...others] = subjects;
  if (wanted === undefined) {
    if (only !== '' && others.length === 0 && !/[*>]/.test(only)) return only;
    throw new TypeError(`Expected stream ${name} to have one subject, got ${subjects.join(', ')}`);
  }
  if (subjects.some(pattern => isMatch(pattern.split('.'), wanted.split('.')))) return wanted;
  throw new TypeError(`Expected stream ${name} to have subject ${wanted}, got ${subjects.join(', ')}`);
}

function isMatch(pattern: readonly string[], subject: readonly string[]): boolean {
  const isOpenEnded = pattern.at(-1) === '>';
  if (isOpenEnded ? subject.length < pattern.length : subject.length !== pattern.length) return false;
  return pattern.every((token, n) => token === '*' || token === '>' || token === subject[n]);
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}
