<?php

require __DIR__ . '/ask.php';
echo 'the build says: ', ask(), "\n";
