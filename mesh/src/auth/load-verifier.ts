import process from 'node:process'
import { Verifier, type VerifierOptions } from './verifier.ts'

/**
 * The verifier of this process. Without a key that it can use, or with two, it says so on standard
 * error in one line and ends the process with 1.
 */
export function loadVerifier(options: VerifierOptions): Verifier {
  try {
    return new Verifier(options)
  } catch (fault) {
    console.error(fault instanceof Error ? fault.message : String(fault))
    process.exit(1)
  }
}
