// What is used of noVNC, which has no types of its own.
declare module "@novnc/novnc" {
  type Key = [keysym: number, code: string, down?: boolean];

  interface RFBEvents {
    connect: CustomEvent<unknown>;
    disconnect: CustomEvent<{ clean: boolean }>;
    securityfailure: CustomEvent<{ status: number; reason?: string }>;
    clipboard: CustomEvent<{ text: string }>;
  }

  export default class RFB {
    /** The functions that write the client's messages. */
    static messages: { extendedClipboardProvide(...given: unknown[]): void };
    /** `where` is an address, or what looks like a WebSocket. */
    constructor(target: HTMLElement, where: string | object, options?: { shared?: boolean });
    viewOnly: boolean;
    scaleViewport: boolean;
    resizeSession: boolean;
    background: string;
    sendKey: (...key: Key) => void;
    addEventListener<T extends keyof RFBEvents>(type: T, listener: (event: RFBEvents[T]) => void): void;
    clipboardPasteFrom(text: string): void;
    focus(): void;
    blur(): void;
    disconnect(): void;
  }
}
