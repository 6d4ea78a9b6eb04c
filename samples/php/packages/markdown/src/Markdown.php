<?php

declare(strict_types=1);

namespace Kouti\Markdown;

/** Headings, paragraphs and emphasis. */
final class Markdown
{
    public static function toHtml(string $text): string
    {
        $html = '';
        foreach (preg_split('/\n{2,}/', trim($text)) ?: [] as $block) {
            $block = htmlspecialchars(trim($block), ENT_QUOTES);
            $block = preg_replace('/\*(.+?)\*/', '<em>$1</em>', $block);
            $html .= str_starts_with($block, '# ')
                ? '<h1>' . substr($block, 2) . "</h1>\n"
                : "<p>$block</p>\n";
        }
        return $html;
    }
}
