<?php

declare(strict_types=1);

use Kouti\Sample\Pages;

require __DIR__ . '/../vendor/autoload.php';

$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/health') {
    echo "ok\n";
    return;
}

$page = Pages::find($path);
if ($page === null) {
    http_response_code(404);
    echo "<h1>Not found</h1>\n";
    return;
}

session_start();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
echo $page, "<p>Visit {$_SESSION['visits']}, by PHP ", PHP_VERSION, "</p>\n";
