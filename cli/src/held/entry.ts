import { resolve } from 'node:path'
import { fileOf } from '../checkout/file-of.ts'

/** The command as it is typed from the working folder. */
export function entry(): string {
  const path = fileOf('weir')
  return path === resolve('weir') ? './weir' : path
}
