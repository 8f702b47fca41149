import type { CommandDef } from 'citty'
import { command } from '../command.ts'

export const sub: CommandDef = command({ name: 'sub', description: '', args: {}, run: () => 0 })
