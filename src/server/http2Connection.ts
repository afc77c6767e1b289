import type { Http2ServerResponse } from 'node:http2';
import type { HttpConnection } from './HttpConnection.js';

/** A stream of HTTP/2 is reset with an error code, which is how a reader knows that there was to be more. */
export function http2Connection(response: Http2ServerResponse): HttpConnection {
  const { stream } = response;
  const reset = () => stream.close(internalError);
  return {
    get isGone() {
      return response.writableEnded || stream.closed || stream.destroyed;
    },
    onGone(listener) {
      // While something is still to be written, Node does not close a stream that its reader has reset without an error.
      stream.on('aborted', () => stream.rstCode === noError && stream.destroy());
      response.on('close', () => listener(stream.writableFinished && stream.rstCode === noError));
    },
    write(bytes) {
      return response.write(bytes);
    },
    end() {
      response.end();
    },
    cut() {
      // A reset overtakes what was written before, so it waits for that to have left.
      stream.write('', reset);
    },
    abort: reset,
  };
}

const noError = 0;
const internalError = 2;
