import { WeirError } from '@weir/proto'
import * as v from 'valibot'
import { type FaultPath, faultLines, readPlacedYaml } from './placed-yaml.ts'

/**
 * The list `routes` of a YAML (or JSON) file, each of one schema. Throws `invalid` with every fault
 * and its place in the file.
 *
 * @param placeOf what no two routes may have in common
 */
export function parseRoutesFile<Route>(
  text: string,
  file: string,
  route: v.GenericSchema<unknown, Route>,
  placeOf: (route: Route) => string,
): readonly Route[] {
  const { value: routes = [], faults } = readPlacedYaml(text, (value, report) => {
    const parsed = v.safeParse(
      v.strictObject({ routes: v.array(route) }, 'a map with the list `routes` is expected'),
      value,
    )
    for (const issue of parsed.issues ?? []) report(pathOf(issue), issue.message)
    if (!parsed.success) return []
    const places = parsed.output.routes.map(placeOf)
    for (const [at, place] of places.entries()) {
      if (places.indexOf(place) < at) report(['routes', at, 'path'], `there is another route ${place}`)
    }
    return parsed.output.routes
  })
  if (faults.length > 0) {
    throw new WeirError('invalid', `The routes cannot be used:\n  ${faultLines(file, faults).join('\n  ')}`)
  }
  return routes
}

function pathOf(issue: v.BaseIssue<unknown>): FaultPath {
  return (issue.path ?? []).map(({ key }) => key as string | number)
}
