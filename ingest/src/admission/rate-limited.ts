import { WeirError } from '@weir/proto'

export function rateLimited(): WeirError {
  return new WeirError('rate_limited', 'This token sends faster than it may: wait as Retry-After says.')
}
