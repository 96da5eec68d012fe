import { GatewayError } from '../core/errors.ts';

export function logClosed(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'the decision log has been closed');
}

export function tooManyWaiting(most: number): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `${most} decisions already wait for the disk`, {
    mend: 'The disk does not keep up; see what else uses it.',
  });
}
