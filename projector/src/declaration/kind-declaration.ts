import type { FaultPath, ReportFault, TextOffset } from '@weir/mesh/files'
import * as v from 'valibot'

/** Reports a fault of a field of one projection. */
export type FaultOf = (field: string, message: string) => void

/** How projections of one kind are declared. */
export interface KindDeclaration<Spec> {
  /** The names of its fields. */
  readonly fields: readonly string[]
  /** Reports every fault. */
  read(declared: Readonly<Record<string, unknown>>, report: ReportFault): ReadDeclaration<Spec>
}

/** What was read of one projection. */
export interface ReadDeclaration<Spec> {
  /** Undefined when there was a fault. */
  readonly spec: Spec | undefined
  /**
   * The values of the fields that have no fault of their own, for what several have to agree on.
   */
  readonly valid: Readonly<Record<string, unknown>>
}

type Declared<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>>

/**
 * Reports what is wrong with several fields together; a field is missing here that has a fault of
 * its own.
 */
type FindFaults<Fields> = (
  valid: { readonly [Name in keyof Fields]?: Fields[Name] | undefined },
  isDeclared: (field: keyof Fields) => boolean,
  fault: FaultOf,
) => void

export function declareKind<Entries extends v.ObjectEntries, Spec>(
  entries: Entries,
  toSpec: (declared: Declared<Entries>) => Spec,
  findFaults?: FindFaults<Declared<Entries>>,
  isKind = true,
): KindDeclaration<Spec> {
  const fields = [...(isKind ? ['kind'] : []), ...Object.keys(entries)]
  return {
    fields,
    read(declared, report) {
      let faults = 0
      const fault: ReportFault = (path, message) => {
        faults++
        report(path, message)
      }
      for (const name of Object.keys(declared)) {
        if (!fields.includes(name)) fault([name], `there is no such field here; there are ${fields.join(', ')}`)
      }
      const valid: Record<string, unknown> = {}
      for (const [name, field] of Object.entries(entries)) {
        const parsed = v.safeParse(field, declared[name])
        if (parsed.success) valid[name] = parsed.output
        else if (declared[name] === undefined) fault([name], 'this field is required')
        else for (const issue of parsed.issues) fault([name, ...pathOf(issue)], issue.message)
      }
      const fieldsOfKind = valid as Declared<Entries>
      const isDeclared = (field: keyof Declared<Entries>): boolean => declared[String(field)] !== undefined
      findFaults?.(fieldsOfKind, isDeclared, (field, message) => fault([field], message))
      return { spec: faults === 0 ? toSpec(fieldsOfKind) : undefined, valid }
    },
  }
}

function pathOf(issue: v.BaseIssue<unknown>): FaultPath {
  return (issue.path ?? []).map(({ key }) => key as string | number | TextOffset)
}
