import type { CommandDef } from 'citty'
import { command } from '../command.ts'

export const get: CommandDef = command({ name: 'get', description: '', args: {}, run: () => 0 })
