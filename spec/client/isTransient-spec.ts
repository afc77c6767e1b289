import { expect } from 'chai';
import { isTransient, SseConnectionError, SseResponseError, SseSizeError } from '../../src/index.js';

describe('isTransient', () => {
  const refusal = (status: number) => new SseResponseError({ status, url: '', headers: new Headers() });

  it('is true of a lost connection and of a response that is a matter of time', () => {
    const errors = [
      ...(['refused', 'cut', 'end', 'idle'] as const).map(reason => new SseConnectionError(reason)),
      ...[408, 425, 429, 500, 502, 503, 504].map(refusal),
    ];
    expect(errors.filter(error => !isTransient(error))).to.deep.equal([]);
  });

  it('is false of everything else', () => {
    const errors = [
      ...[200, 201, 400, 401, 403, 404, 410, 501].map(refusal),
      new SseSizeError(1),
      new Error(),
      undefined,
    ];
    expect(errors.filter(isTransient)).to.deep.equal([]);
  });
});
