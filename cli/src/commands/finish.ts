/** Takes the exit code of a command once that is done. */
export type Finish = (code: Promise<number>) => Promise<void>
