<?php

require __DIR__ . '/../vendor/autoload.php';
header('Content-Type: text/plain');
$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
echo (new Symfony\Kernel(dirname(__DIR__)))->handle($path);
