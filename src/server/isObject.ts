/** Of what JavaScript may give, whatever the types say. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
