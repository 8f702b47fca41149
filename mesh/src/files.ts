/** What reads files of declarations: apart, as not every service has any. */
export { exactMap } from './config/exact-map.ts'
export {
  type FaultPath,
  faultLines,
  type PlacedFault,
  type ReportFault,
  readPlacedYaml,
  type TextOffset,
} from './config/placed-yaml.ts'
export { parseRoutesFile } from './config/routes-file.ts'
