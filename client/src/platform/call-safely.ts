/**
 * Calls a function of the application's. A fault in it is thrown outside of the client, which must
 * go on.
 */
export function callSafely<Value>(run: (value: Value) => void, value: Value): void {
  try {
    run(value)
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}
