// What the bundler makes of files that are not scripts (see build.mjs).
declare module "*.css" {
  const text: string;
  export default text;
}
