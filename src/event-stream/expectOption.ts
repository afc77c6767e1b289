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

/** The longest time that a timer can wait, in milliseconds. A longer one would fire at once. */
export const longestTimer = 2 ** 31 - 1;
