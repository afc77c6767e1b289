/**
 * Whether Redis has answered, with an error that it will answer again: wrong type, no permission, unknown command. `LOADING`,
 * `READONLY`, `OOM`, `MASTERDOWN` and the like pass.
 */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && /^(WRONGTYPE|NOPERM|NOAUTH|WRONGPASS|ERR(?! max))/.test(error.message);
}
