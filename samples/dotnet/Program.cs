using System;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Hello
{
    public static class Program
    {
        public static void Main(string[] args) =>
            Host.CreateDefaultBuilder(args)
                .ConfigureWebHostDefaults(web => web.Configure(Routes))
                .Build()
                .Run();

        private static void Routes(IApplicationBuilder app)
        {
            app.Map("/health", health => health.Run(context => context.Response.WriteAsync("ok")));
            app.Run(context =>
            {
                var berlin = CultureInfo.GetCultureInfo("de-DE");
                var day = new DateTime(2026, 3, 1).ToString("D", berlin);
                return context.Response.WriteAsync($"Hello from .NET {Environment.Version} on {day}\n");
            });
        }
    }
}
