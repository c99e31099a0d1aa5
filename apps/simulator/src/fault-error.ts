import { ApiError } from './api-error.js';
import type { FaultKind } from './domain/faults.js';

/** The error that a fault is answered with, before anything else of the answer; null for faults of another form. */
export function errorOfFault(fault: FaultKind | null, retryAfterSeconds: number): ApiError | null {
  switch (fault) {
    case '429':
      return new ApiError('rate_limit_error', 'Slow down.', retryAfterSeconds);
    case '529':
      return new ApiError('overloaded_error', 'Overloaded');
    case 'server_error':
      return new ApiError('api_error', 'Internal server error');
    case 'spend_limit':
      return new ApiError('rate_limit_error', 'Spend limit reached.', retryAfterSeconds, {
        errorCode: 'enforced_spend_limit_reached',
      });
    case 'usage_limit':
      return new ApiError('billing_error', 'Usage limit reached.', null, { status: 400 });
    case 'payment_required':
      return new ApiError('billing_error', 'Payment required.');
    case 'unauthorized':
      return new ApiError('authentication_error', 'invalid key');
    case 'forbidden':
      return new ApiError('permission_error', 'not allowed');
    case 'not_found':
      return new ApiError('not_found_error', 'model: gone');
    default:
      return null;
  }
}
