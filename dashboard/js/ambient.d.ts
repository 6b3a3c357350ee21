// What the bundler makes of files that are not modules (see build.mjs).
declare module "*.css" {
  const text: string;
  export default text;
}

declare module "*.worklet.js" {
  const text: string;
  export default text;
}
