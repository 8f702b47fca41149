import { WeirError } from '@weir/proto'
import { ingestLimits } from '../limits.ts'

export function tooManyRecords(): WeirError {
  return new WeirError(
    'too_large',
    `The request holds more than ${ingestLimits.recordsMax} records: send them in several requests.`,
  )
}
