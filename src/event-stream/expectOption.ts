/**
 * @param option its name and its value, such as `{ keepAlive }`
 * @throws RangeError if it is not valid
 */
export function expectOption(
  option: Readonly<Record<string, unknown>>,
  isValid: boolean,
  expected: string,
): void {
  if (isValid) return;
  const [[name, value] = []] = Object.entries(option);
  throw new RangeError(`Expected ${name} to be ${expected}, got ${String(value)}`);
}

/** Of what JavaScript may give, whatever the types say. */
export function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1;
}

/** The longest time that a timer can wait, in milliseconds. A longer one would fire at once. */
export const longestTimer = 2 ** 31 - 1;
