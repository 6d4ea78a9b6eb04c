<?php
// Writes composer.txt: which versions Composer finds in which ranges.
//
//     apt install php-cli php-composer-semver   (3.3.2)
//     php composer.php > composer.txt
//
// or, with a Composer as it is downloaded: `COMPOSER_PHAR=composer.phar php composer.php`.
//
// One range per line as a JSON text, a tab, then `invalid` or the versions in it.
// `php composer.php 100000 7` writes more random ranges, from another seed, for a long run.

use Composer\Semver\Constraint\Constraint;
use Composer\Semver\VersionParser;

if ($phar = getenv('COMPOSER_PHAR')) {
    $found = [];
    foreach (new RecursiveIteratorIterator(new Phar($phar)) as $path => $file) {
        if (preg_match('~/(Composer/Semver|composer/semver/src)/(.+)\.php$~', $path, $match)) {
            $found['Composer\\Semver\\' . strtr($match[2], '/', '\\')] = $path;
        }
    }
    spl_autoload_register(fn(string $class) => isset($found[$class]) && include $found[$class]);
} else {
    require 'Composer/Semver/autoload.php';
}

$words = fn(string $text): array => preg_split('/\s+/', trim($text));

$versions = $words('
    0.0.0-dev 0.0.0 0.0.3 0.0.4 0.3.0-dev 0.3.0 0.3.1 0.4.0 1.0.0-dev 1.0.0-alpha 1.0.0-alpha1 1.0.0-alpha1-dev
    1.0.0-alpha2 1.0.0-alpha10 1.0.0-beta.1 1.0.0-RC1 1.0.0-RC2-dev 1.0.0-rc2 1.0.0-RC10 1.0.0 1.0.0-p1 1.0.0-patch2 1.0.0.1-beta1
    1.0.0.1 1.2 1.2.3-beta2 1.2.3 1.2.3+build 1.2.3.4 1.2.3.4-dev 1.2.4 v1.3.0 1.10.0 2.0.0-dev 2.0.0-alpha1
    2.0.0-beta1 2.0.0 2.1.3 3.0.0 7.4.33 8.2.32 8.3.0 8.3.33 8.4.24 8.5.0-RC1 8.5.9 9.0.0
    99999.0.0 1.9999999.9999999.9999999-dev
');
$operands = $words('
    0 0.0 0.0.0 0.0.3 0.0.0.3 0.3 0.3.1 1 1.0 1.0.0 1.0.0.0 1.2.3 1.2.3.4 2 2.0 2.1.3 8 8.2 8.3 8.3.33 8.4.24 8.2.10 v8.2 V8.2 08.02
    1.0.0-alpha 1.0.0-alpha1 1.0.0alpha1 1.0.0-a.1 1.0.0-beta.1 1.0.0b1 1.0.0_beta1 1.0.0-RC1 1.0.0RC1 1.0.0-rc2 1.0.0-RC-2 1.0.0-beta1.2 1-beta 1.2-b1
    1.0.0-stable 1.0.0.stable 1.0.0-p1 1.0.0-pl2 1.0.0-patch 1.0.0-dev 1.0.0.dev 1.0-dev 1.0.0-alpha1-dev 1.0.0-RC1-dev 2-dev 2.0.0-beta1 8.5.0RC1 1.0.0.1-beta1
    1.x-dev 1.2.x-dev 1.*-dev 1.x.x-dev 1.2.3.x-dev 1.0-x-dev 1.2.3+build 1.2+b.1 1.0.0-beta1+b 1+b-dev 1.2. 1.2- 1.2_ 1.2-. 1.2..
    * x X v* *.* x.x.x 1.* 1.x 1.X 8.2.* 8.2.x 8.2.x.x 0.* 0.0.* 0.0.0.* 1.2.3.* 1.2.3.4.* 8.*.2 x.1 1.x.2
    1.2.3.4.5 1.0.0-meh 1.0.0-foo1 meh latest node dev-master dev-foo master trunk default foo-dev foo/bar-dev feature#1-dev *-dev dev-foo#abc dev-
    99999 100000.0 99999999999999999999.1 1.99999999999999999999 -1 +1 1_0 "8.2" 8,2 ~ ^ @dev @stable 8.2@dev 8.2@RC 8.2@stable 1.0.0-beta1@dev
');
$sane = $words('
    0.0.3 0.3 0.3.1 1 1.0 1.0.0 1.2.3 1.2.3.4 2 2.0 2.1.3 7.4 8 8.2 8.3 8.3.33 8.4 8.4.24 8.5 v8.2 1.0.0-alpha1 1.0.0-beta.1 1.0.0-RC1 1.0.0-RC2 1.0.0-p1 1.0-dev 2.0.0-beta1
    8.5.0RC1 1.2@dev 2@beta 8.5@RC 8.3@stable 1.2.3+build
');
$operators = ['', '=', '==', '>', '<', '>=', '<=', '!=', '<>', '~', '^', '> ', '>=  ', '!= ', '= ', '~ ', '^ '];
$broken = ['=>', '=<', '===', '~>', '~>=', '^^', '~=', '!', '<<', '=!', '^>', "\t", '>=,', '&'];
$rare = [
    '', ' ', '||', '|', ',', '1||', '||1', '1|2', '1||2', '1 | 2', '1 || 2', '1 |  || 2', '1|||2', '1||||2', '^7.4|^8.0', '^7.4 || ~8.3.0',
    '1,2', '1, 2', '1 ,2', '1 , 2', '1,,2', '1, ,2', ',1', '1,', '1 2', '1  2', '>=1 <2', '>=1,<2', '>=1 , <2', '>= 1 < 2', '>=8.2 <8.4', '>=8.2,!=8.5.9', '>1<2', '> 1,< 2',
    '1 - 2', '1.0 - 2.0', '1.0.0 - 2.1.3', '8.1 - 8.3', '8.1 - 8.3.5', '8 - 8', '8.2 - 8.3 || 7', '1 - 2 - 3', '1- 2', '1 -2', '1-2', '1  - 2', '1 -  2', '1 - ', '- 2', '-', '1 - 0',
    '1 - 2-beta1', '1-beta1 - 2', '1.0.0-RC1 - 2', 'v1 - v2', '1 - 2.0.x-dev', '1.x-dev - 2', '1 - 2+b', '1+b - 2.0.0', '1 - 2@dev', '1@dev - 2', '1 - *', '* - 2', '1 - 2.0', '1 - 2.0.0', '1 - 0.0.0', '>1 - 2', '1 - ^2', '1 - 2, !=1.2.3',
    '1.0 as 2.0', '^8.2 as 9', '8.2 as', 'as 8.2', '1.x-dev as 1.0', '>=1 as 2', '>=8.2@dev', '<=3.0@dev', '>8.5@RC', '!=8.5@RC', '=8.5@RC', '<2@beta', '<2@stable', '>= 2@beta', '~8.2@dev', '^8.2@RC', '8.2.*@dev', '@dev', '@RC || 1', '*@dev', '1.0@foo', '1.0@', '@',
    '>=1.0.0-RC1', '>=1.0.0-beta1', '>=1.0.0beta1', '>=1.0.0-beta1-dev', '>=1.0.0-stable', '>=1.0-', '<1.0.0-RC1', '<1.0.0RC1', '<1.0.0-RC2-dev', '<2.0.0-dev', '<2.0.0-alpha1', '<=2.0.0-beta1', '>1.0.0-RC1', '>1.0.0-patch1', '>=1+b-dev',
    '~>8.2', '~> 8.2', '~8', '~0', '~0.0', '~0.0.3', '~0.3', '~8.2', '~8.2.0', '~8.2.3.4', '^0', '^0.0', '^0.0.3', '^0.3', '^0.3.1', '^0.0.0.3', '^0.0.0', '^8.2.3.4', '^8.4-beta', '^8.2.*', '~8.x', '~1.x-dev', '~1.2.x-dev', '^1.x-dev', '^1.2.x-dev', '~1.0.0-stable', '~1.2+b', '^1.0.0-RC1',
    '!=dev-foo', '<>dev-foo', '>=dev-foo', '<dev-foo', '=dev-foo', 'dev-foo || 8', '!=1.x-dev', '8 dev-foo', 'DEV-foo',
    '8.2', '8.3', '>8.4', '1.X.x', '1.*.x.X', 'V8.*', '8+b.x', '8.2-.x', '8.2-beta1.x', 'v8.x', '8.2.x.x.x.x', '8.2.*.*', "8.2\t", "8.2\t8.3", "\u{a0}8", "8.2 \u{e9}", '8.2|', '|8.2', '8.2 |', '20240115', '2024-01-15', '2024.01.15', '~2024.01', '>=20240115', '1.x-dev#abc', '>= 08', '00.*', '1.0.0-Beta1', '1.0.0-STABLE', '8.2@Beta', '^00.3', str_repeat('9', 300),
    "8.1\n8.2", '1  as 2', "1 as \t2", '~8.3.33|8.4 - 1', '>=8.4 <1.0.0 || ^1.0.0', 'dev-  1', 'dev-,1', '>=,1', '1,as 2', '1 as 2 as 3',
];

mt_srand((int) ($argv[2] ?? 1));
$pick = fn(array $list) => $list[mt_rand(0, count($list) - 1)];
$random = function () use ($pick, $operands, $sane, $operators, $broken): string {
    $odd = mt_rand(0, 7) === 0;
    $texts = $odd ? $operands : $sane;
    $known = $odd ? array_merge($operators, $broken) : array_slice($operators, 0, 15);
    $separators = $odd ? [' ', ',', ' || ', '|', '  ', ', ,', '', "\t", ' as '] : [' ', ' ', ', ', ',', ' , ', ' || ', '|', '||', ' | '];
    $text = $pick($known) . $pick($texts);
    for ($more = mt_rand(0, 3); $more > 0; $more--) {
        $text .= mt_rand(0, 5) === 0
            ? $pick(['|', ' ', ', ']) . $pick($texts) . ' - ' . $pick($texts)
            : $pick($separators) . $pick($known) . $pick($texts);
    }
    return $text;
};

$ranges = $rare;
foreach (['', '=', '>', '<', '>=', '<=', '!=', '~', '^'] as $operator) {
    foreach ($operands as $operand) {
        $ranges[] = $operator . $operand;
    }
}
foreach (array_merge($operators, $broken) as $operator) {
    array_push($ranges, $operator . '8', $operator . '8.2', $operator . '1.0.0-beta1');
}
for ($count = (int) ($argv[1] ?? 400); $count > 0; $count--) {
    $ranges[] = $random();
}

$parser = new VersionParser();
$normal = array_map(fn($text) => new Constraint('==', $parser->normalize($text)), $versions);
echo "versions\t", implode(' ', $versions), "\n";
foreach (array_unique($ranges) as $text) {
    try {
        $range = $parser->parseConstraints($text);
        $found = implode(' ', array_filter($versions, fn($i) => $range->matches($normal[$i]), ARRAY_FILTER_USE_KEY));
    } catch (UnexpectedValueException) {
        $found = 'invalid';
    }
    echo json_encode($text, JSON_UNESCAPED_SLASHES), "\t", $found, "\n";
}
