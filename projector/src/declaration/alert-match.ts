import { type AlertMatch, readAlertMatch, WeirError } from '@weir/proto'
import * as v from 'valibot'
import type { Field } from './fields.ts'

/** Which alerts are meant, as events of silences have it. */
export const alertMatch: Field<AlertMatch> = v.pipe(
  v.unknown(),
  v.rawTransform<unknown, AlertMatch>(({ dataset, addIssue, NEVER }) => {
    try {
      return readAlertMatch(dataset.value)
    } catch (thrown) {
      if (!(thrown instanceof WeirError)) throw thrown
      addIssue({ message: thrown.message })
      return NEVER
    }
  }),
)
