// What a script finds in an AudioWorkletGlobalScope, which TypeScript's own library leaves out.
declare const sampleRate: number;

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** `inputs` and `outputs`: for each connection its channels, of 128 samples each. */
declare function registerProcessor(
  name: string,
  processor: new () => AudioWorkletProcessor & {
    process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
  },
): void;
