<?php

require __DIR__ . '/../vendor/autoload.php';

$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
header('Content-Type: text/plain');
if ($path === '/') {
    $manifest = json_decode((string) file_get_contents(__DIR__ . '/build/.vite/manifest.json'), true);
    echo App\Greeting::TEXT, ' ', implode(',', require __DIR__ . '/../bootstrap/cache/packages.php'), ' ';
    echo '/build/', $manifest['resources/js/app.js']['file'] ?? 'nothing', "\n";
} else {
    echo (new Illuminate\Application(dirname(__DIR__)))->handle($path);
}
