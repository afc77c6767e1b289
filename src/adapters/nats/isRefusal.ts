import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';

/** Those of NATS that come of how things are set up, by name: their classes belong to another package. */
const refusals: ReadonlySet<string> = new Set([
  'AuthorizationError',
  'InvalidArgumentError',
  'InvalidNameError',
  'InvalidSubjectError',
  'PermissionViolationError',
  'UserAuthenticationExpiredError',
]);

/** Codes of JetStream, beside those that its client names. */
const tooManyConsumers = 10026;
const invalidStream = 10052;
const streamExists = 10058;

/**
 * Whether NATS will not do it, however often it is asked.
 *
 * @param isNew whether it has done nothing for the log yet: what is not there now was never there
 * @param hasJetStream whether the server has said that it has JetStream: if there is no answer, it only has to begin with it
 */
export function isRefusal(error: unknown, isNew: boolean, hasJetStream: boolean): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof JetStreamApiError) return isRefusalOfApi(error, isNew);
  if (error instanceof TypeError || refusals.has(error.name)) return true;
  if (error.name !== 'JetStreamNotEnabled') return isRefusal(error.cause, isNew, hasJetStream);
  return error.cause instanceof JetStreamApiError || (isNew && !hasJetStream);
}

function isRefusalOfApi({ code, status }: JetStreamApiError, isNew: boolean): boolean {
  switch (code) {
    case JetStreamApiCodes.StreamNotFound:
      return isNew;
    case invalidStream:
      return true;
    // Another process has just made it. And there may be fewer consumers soon.
    case streamExists:
    case tooManyConsumers:
      return false;
    default:
      return status === 400;
  }
}
