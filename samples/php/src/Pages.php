<?php

declare(strict_types=1);

namespace Kouti\Sample;

use Kouti\Markdown\Markdown;

/** The pages of the site: rendered while the image is built, read when somebody asks. */
final class Pages
{
    /** Composer runs this after it has written the autoloader. */
    public static function compile(): void
    {
        require_once __DIR__ . '/../vendor/autoload.php';
        $dir = self::compiled();
        is_dir($dir) || mkdir($dir, recursive: true);
        foreach (glob(__DIR__ . '/../pages/*.md') ?: [] as $file) {
            $html = Markdown::toHtml((string) file_get_contents($file));
            file_put_contents("$dir/" . basename($file, '.md') . '.html', $html);
        }
    }

    public static function find(string $path): ?string
    {
        $name = trim($path, '/') ?: 'index';
        $file = self::compiled() . "/$name.html";
        return ctype_alnum($name) && is_file($file) ? (string) file_get_contents($file) : null;
    }

    private static function compiled(): string
    {
        return __DIR__ . '/../compiled';
    }
}
