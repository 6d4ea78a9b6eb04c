<?php

// What a test wants to see of a request, of PHP and of its surroundings.
$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
header('Content-Type: text/plain');
switch ($path) {
    case '/slow':
        file_put_contents('php://stderr', "a slow request has begun\n");
        sleep((int) ($_GET['seconds'] ?? 1));
        echo "finished\n";
        break;
    case '/log':
        file_put_contents('php://stderr', "a line of the app\n");
        error_log('a message of the app');
        echo "logged\n";
        break;
    case '/count':
        session_start();
        echo $_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1, ' ', ini_get('session.save_handler'), "\n";
        break;
    case '/fpm':
        echo posix_getppid(), "\n";
        break;
    case '/upload':
        echo strlen((string) file_get_contents('php://input')), "\n";
        break;
    default:
        $shown = ['HTTPS', 'HTTP_AUTHORIZATION', 'PATH_INFO', 'REMOTE_ADDR', 'SCRIPT_NAME'];
        foreach ($shown as $name) {
            echo $name, '=', $_SERVER[$name] ?? '', "\n";
        }
        echo 'path=', $path, "\nsapi=", PHP_SAPI, "\nversion=", PHP_VERSION, "\n";
        echo 'memory_limit=', ini_get('memory_limit'), "\n";
}
