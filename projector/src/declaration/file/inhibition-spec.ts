import type { AlertMatch } from '@weir/proto'
import * as v from 'valibot'
import { alertMatch } from '../alert-match.ts'
import { declareKind, type KindDeclaration } from '../kind-declaration.ts'

/**
 * Which alerts are quiet while others are open: those that `target` means, while an alert that
 * `source` means has the same value of each label of `equal`.
 */
export interface InhibitionSpec {
  readonly source: AlertMatch
  readonly target: AlertMatch
  readonly equal: readonly string[]
}

export const inhibitionDeclaration: KindDeclaration<InhibitionSpec> = declareKind(
  {
    source: alertMatch,
    target: alertMatch,
    equal: v.optional(
      v.pipe(
        v.array(v.string('a label is named by text'), 'a list of labels is expected'),
        v.maxLength(16, 'at most 16 labels are compared'),
      ),
      [],
    ),
  },
  ({ source, target, equal }) => ({ source, target, equal }),
  undefined,
  false,
)
