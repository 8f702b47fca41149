import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { systemReason } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { TextSource } from '../../declaration/notify-spec.ts'

/**
 * The text as it is now. Throws `unavailable` when it is not there, with a message that does not
 * hold the text, as it may be a secret.
 */
export async function readText(source: TextSource): Promise<string> {
  if ('text' in source) return source.text
  if ('env' in source) {
    const value = process.env[source.env] ?? ''
    if (value === '') throw new WeirError('unavailable', `The environment variable ${source.env} is not set.`)
    return value
  }
  const text = await readFile(source.file, 'utf8').catch((cause) => {
    throw new WeirError('unavailable', `The file ${source.file} cannot be read: ${systemReason(cause)}.`, { cause })
  })
  return text.replace(/\r?\n$/, '')
}
