// Writes npm.txt: which versions npm finds in which ranges.
//
//     npm install semver@7.8.6 && node npm.js > npm.txt
//
// or, with the one that npm brings along: `NODE_PATH=.../npm/node_modules node npm.js`.
//
// One range per line as a JSON text, a tab, then `invalid` or the versions in it.
// `node npm.js 100000 7` writes more random ranges, from another seed, for a long run.

const { Range, SemVer, validRange } = require('semver')

const versions = `
  0.0.0-alpha 0.0.0 0.0.1 0.0.2-rc.1 0.0.2 0.1.0 0.1.5 0.2.0-0 0.2.0 1.0.0-0 1.0.0-alpha 1.0.0
  1.2.0-alpha 1.2.0 1.2.2 1.2.3-alpha 1.2.3-beta.2 1.2.3-beta.10 1.2.3 1.2.4-rc 1.2.4 1.2.10
  1.3.0-0 1.3.0 1.10.0 2.0.0-0 2.0.0-alpha 2.0.0 2.1.0 2.3.4 3.0.0-rc.1 3.0.0 10.2.0
  9007199254740991.0.0 v1.2.3 1.2.3+build 1.2.3-alpha+build
`.trim().split(/\s+/)

const operands = `
  1.2.3 1.2 1 0 0.0 0.0.0 0.0.2 0.2.0 0.2 1.2.x 1.x 1.X.x 1.* 1.2.* * x X x.x.x *.*.* 1.x.3 1.*.3
  *.1 x.1.2 *.x.1 1.2.3-alpha 1.2.3-beta.2 1.2.3-0 1.2.3-01 1.2.3-0a 1.2.3--- 1.2.3- 1.2.3-a..b
  1.2-alpha 1-alpha 1.2.x-alpha 1.x.x-alpha x.x.x-alpha *-alpha 1.2.3+build 1.2+build 1+build
  1.2.3-alpha+b.1 1.2.3+ 1.2.3+a+b 1.2.3+a..b v1.2.3 v1.2 v1 vx vv1.2 vv1.2.3 V1 =1.2.3 =1.2 ==1
  v=1.2 v=1.2.3 =v1.2.3 v 01 1.02 1.2.03 00 1.2.3.4 1.2.3.x 1. .1 1..2 1.2. 1a a1 latest
  9007199254740991 9007199254740991.0.0 9007199254740992 9007199254740992.0.0 1.9007199254740991
  1.9007199254740992.0 1.2.9007199254740991 1.2.99999999999999999999 99999999999999999999
  0.0.9007199254740991 -1 +1 1.-2 1,2 1.2.3; "1" 1_2 \u00e9 1.2.3-\u00e9
`.trim().split(/\s+/).concat('')

const operators = ['', '=', '==', '>', '<', '>=', '<=', '=>', '=<', '!=', '~', '~>', '~=', '~>=', '~<',
  '^', '^=', '^>', '>>', '<>', '~~', '^^', '~^', '|', '!', '> ', '< ', '>= ', '<= ', '= ', '~ ', '~> ',
  '~ >', '~ > ', '^ ', '^ =', '> =', '>= =', '= =', '~ =', '~= ', '~>= ', '>  ', '>\t', '<\n', '~\u00a0']

const rare = [
  '', ' ', '\t\n', '||', ' || ', '|', '|||', '||||', '1||', '||1', '1 || ', '1||2', '1 | 2', '1|2',
  '1 || || 2', '* || 1.2.3-alpha', '1.2.3-alpha || *', '>=0.0.0 || 1.2.3-alpha', '>* || 1.2.3-alpha',
  '<0.0.0-0', '<0.0.0-0 || 1', '>* *', '* *', '* 1.2.3-alpha', '>=0.0.0 <0.0.0-beta', '>=0.0.0-0 <1',
  '>=0.0.0', '>=0.0', '>=0', '>= 0.0.0', '^0.0.0 || 1.2.3-alpha', '>=1.2.3-alpha <1.2.3',
  '>1.2.3-alpha <1.2.4-rc', '>=1.2.3 <2.0.0-alpha', '^1.2.3-alpha', '~1.2.3-beta.2', '<1.2.3-beta.2',
  '1.2.3 - 2.3.4', '1.2 - 2.3.4', '1.2.3 - 2.3', '1.2.3 - 2', '1 - 2', '1-2', '1 -2', '1- 2', '1 -  2',
  '1  -\t2', ' 1 - 2 ', '1 - 2 - 3', '1 - 2 3', '3 1 - 2', '>1 - 2', '1 - <2', '^1 - 2', '1 - 2 || 3',
  '1 - x', 'x - 1', '* - *', '1.x - 2.x', '1.2.3-alpha - 2', '1 - 2.0.0-alpha', '1.2.3-alpha - 1.2.3-beta.2',
  '=1.2.3 - 2', '1 - =2.3.4', '=1 - =2', 'v1.2.3 - v2.3.4', 'vv1 - vv2', 'v 1 - v 2', '= 1 - 2', '1 - = 2',
  'v 1.2.3 - 2', '1 - v 2.3.4', '1.x.3 - 2', '1 - 2.x.3', '*.1 - 2', '1+b - 2+b', '1.2.3+b - 2.3.4+b',
  '1 - ', ' - 2', '-', ' - ', '3 - 1', '1 - =1.2.3-beta.2', '=1.2.3-beta.2 - 2', '>\t+1 ==1', '1 +1 2', '01 - 2', '1 - 02', '1 - 2.0', '0.0.0 - 1', '0 - 0', '2.0.0 - 1.0.0',
  '1.2.3*', '*1.2.3', '1.*2.3', '>*1.2.3', '**', '>=v0.0.0 || 1.2.3-alpha', '~> >1', '~1.x.99999999999999999999',
  '1.2.3 2.0.0', '>1 <3', '>1, <3', '>1,<3', '>1<3', '>1 &&<3', '>=1 <2 || >=3', '^1 ^2', '~1.2 >1.2.2',
  '>=1.2.3\n<2', '\u00a0>1\u00a0<3', '\ufeff1', '1\u0085', '1\u2003||\u30002', '>1.2.3 + build', '>1+a <3+b', '1+a.b-c <2',
  '18.0.0 || bogus', '>=18 || <16 !=17', '20 -', '- 20', 'node', 'lts', 'lts/*', '1.2.3 foo', 'foo 1.2.3', '~', '^', '>', '<', '=',
  '>=', '> 1 <', '1 >', '1 ~', '~ ~1', '> >1', '^ ^1', '^ >1', '~ <1', 'x'.repeat(300), '1.2.3-' + 'a'.repeat(200),
]

// Numbers that are the same on each run: a linear congruence.
let state = Number(process.argv[3] ?? 1)
const below = n => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state >>> 16) % n
}
const pick = list => list[below(list.length)]
const sane = operands.filter(text => validRange('^' + text))
const usual = operators.slice(0, 8).concat('~', '^', '~>', '> ', '>= ', '< ')
const random = () => {
  const [ops, texts, between] = below(8)
    ? [usual, sane, [' ', ' ', ' ', '  ', ' || ', '||', ' - ']]
    : [operators, operands, [' ', ' ', ' || ', ' - ', ', ', '']]
  let text = pick(ops) + pick(texts)
  for (let more = below(4); more > 0; more--) {
    text += pick(between) + pick(ops) + pick(texts)
  }
  return text
}

const ranges = new Set(rare)
for (const operator of operators) {
  for (const operand of '=<>~^'.includes(operator) ? operands : ['1.2.3', '1.2', '1', '*', 'v1.2.3', '']) {
    ranges.add(operator + operand)
  }
}
for (let count = Number(process.argv[2] ?? 900); count > 0; count--) ranges.add(random())

const parsed = versions.map(text => [text, new SemVer(text)])
// Control characters and what is not ASCII as escapes, so that every line is one line.
const quote = text =>
  JSON.stringify(text).replace(/[^ -~]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))

process.stdout.write(`versions\t${versions.join(' ')}\n`)
for (const text of ranges) {
  let found = 'invalid'
  try {
    const range = new Range(text)
    found = parsed.filter(([, version]) => range.test(version)).map(([text]) => text).join(' ')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  process.stdout.write(`${quote(text)}\t${found}\n`)
}
